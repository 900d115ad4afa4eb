// The command line.
console.log("cli")
