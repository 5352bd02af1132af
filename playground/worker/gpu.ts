export interface Renderer {
  name: string;
  /** Whether the processor emulates the GPU. */
  isSoftware: boolean;
}

/** Whether a GPU's name is that of an emulation: SwiftShader, Mesa's, Microsoft's. */
export const isSoftware = (name: string): boolean =>
  /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render|\bwarp\b/i.test(name);

/** The GPU of WebGL, as far as the browser names it; undefined without WebGL 2 in workers. */
export function rendererOfWebgl(): Renderer | undefined {
  if (typeof OffscreenCanvas === "undefined") return undefined;
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl) return undefined;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext(); // browsers allow few contexts
  return { name, isSoftware: isSoftware(name) };
}

/** The GPU of WebGPU; undefined without one. */
export async function rendererOfWebgpu(): Promise<Renderer | undefined> {
  const adapter = await (navigator as { gpu?: Gpu }).gpu?.requestAdapter();
  if (!adapter) return undefined;
  const { vendor, architecture, device, description } = adapter.info ?? {};
  const name = [vendor, architecture, device, description].filter(Boolean).join(" ") || "unnamed";
  const isFallback = adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false;
  return { name, isSoftware: isFallback || isSoftware(name) };
}

/** What is used of WebGPU, whose types TypeScript 5.9 does not have. */
interface Gpu {
  requestAdapter(): Promise<Adapter | null>;
}

interface Adapter {
  info?: Partial<Record<"vendor" | "architecture" | "device" | "description", string>> & {
    isFallbackAdapter?: boolean;
  };
  isFallbackAdapter?: boolean;
}
