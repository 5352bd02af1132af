/**
 * What some work gives; or the end of the program, with what went wrong in one line. An error that
 * nobody catches makes tfjs' wasm backend print its whole source.
 */
export async function orExit<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
