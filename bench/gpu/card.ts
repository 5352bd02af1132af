/** The GPU that WebGPU finds. */
export interface Card {
  name: string;
  vendor: string;
  architecture: string;
  driver: string;
  isSoftware: boolean;
}

/** Describes the adapter of Dawn. Call it after the backend has started. */
export async function findCard(): Promise<Card> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("bench/gpu: WebGPU finds no GPU; is a Vulkan driver installed?");
  const { vendor, architecture, device, description } = adapter.info;
  const name = device || description || architecture;
  return {
    name,
    vendor,
    architecture,
    driver: description,
    isSoftware: /swiftshader|llvmpipe/i.test(`${name} ${architecture} ${description}`),
  };
}
