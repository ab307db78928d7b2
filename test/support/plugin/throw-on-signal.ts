/** Loaded before a program (`--import`): SIGUSR2 makes it fail in the middle of whatever it does. */
process.on('SIGUSR2', () => {
  throw new Error('made by the test')
})
