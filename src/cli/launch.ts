// What `peanut` starts with: a Node.js that is too old would stop at the first line of the bundle that it cannot read, and
// print it, which is all of it. Nothing is imported here, and the syntax is that of Node.js 12.

/** The oldest Node.js that Peanut runs on; `engines` in package.json and the docs say the same. */
const needed = "22.19"

launch()

function launch(): void {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
  const [neededMajor = 0, neededMinor = 0] = needed.split(".").map(Number)
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) void import("./main.ts")
  else {
    const found = `${process.versions.node} (${process.execPath})`
    process.stderr.write(`error: peanut needs Node.js ${needed} or later; this is ${found}\n`)
    process.exitCode = 2
  }
}
