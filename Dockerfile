# The controller as one bundled file on a distroless base; nothing else is in the image.
FROM node:24-slim AS build
WORKDIR /peanut
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN node scripts/build.ts

FROM gcr.io/distroless/nodejs24-debian12:nonroot
COPY --from=build /peanut/dist/server.js /peanut/server.mjs
USER 65532:65532
ENV NODE_ENV=production
EXPOSE 8080
CMD ["/peanut/server.mjs"]
