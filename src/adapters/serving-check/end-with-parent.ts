/** Loaded before a serving process: it ends with whoever holds its standard input, also when that one is killed. */
process.stdin
  .resume()
  .once('end', () => process.exit(0))
  .once('error', () => process.exit(0));
