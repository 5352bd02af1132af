import { isHostMemory } from "./host-memory.ts";

/**
 * Elements of the blocks that a large tensor is processed in: 2 MiB stay in a CPU's cache. On GPUs, where
 * each kernel of each block waits to be launched, blocks are of 32 MiB.
 */
export const blockElements = (): number => (isHostMemory() ? 524_288 : 8_388_608);
