# The controller as a bundle on a distroless base, with what V8 has compiled of it, its bill of materials, and the
# licences of what it holds; nothing else is in the image.
# A release has digests here, in place of the tags, which are whatever their registries say today: `npm run release:check`.
ARG NODE_IMAGE=node:24-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot
FROM ${RUNTIME_IMAGE} AS base

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json LICENSE ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN node scripts/build.ts \
  && mkdir /peanut && cp -r dist/server.js dist/server-parts /peanut \
  && cp LICENSE dist/server.cdx.json dist/server.THIRD-PARTY-NOTICES.txt /peanut \
  && echo '{"type":"module"}' >/peanut/package.json
# The server reads where it is from these files; none of them ends up in the image.
RUN mkdir -p /var/run/secrets/kubernetes.io/serviceaccount && cd /var/run/secrets/kubernetes.io/serviceaccount \
  && touch ca.crt namespace token
COPY --from=base /nodejs/bin/node /nodejs/bin/node
RUN node scripts/compile-cache.ts /nodejs/bin/node /peanut/server.js /peanut/compile-cache

FROM base
ARG RUNTIME_IMAGE
LABEL org.opencontainers.image.title=peanut org.opencontainers.image.licenses=Apache-2.0 \
  org.opencontainers.image.base.name=${RUNTIME_IMAGE}
COPY --from=build --chown=65532:65532 /peanut /peanut
USER 65532:65532
ENV NODE_ENV=production NODE_COMPILE_CACHE=/peanut/compile-cache
EXPOSE 8080
CMD ["/peanut/server.js"]
