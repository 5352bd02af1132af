/**
 * Returns the result of some work, or exits with the error's message in one line. An uncaught error
 * would make tfjs' wasm backend print its whole source.
 */
export async function orExit<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
