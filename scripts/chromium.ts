import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Debian's Chromium, which scripts/setup.mjs installs, with software WebGL and WebGPU. */
export const chromiumLaunchOptions = {
  executablePath: "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--enable-unsafe-webgpu",
    "--enable-features=Vulkan",
    "--use-webgpu-adapter=swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ],
};

/** Chromium, and the software driver for WebGPU that comes with it; nothing where both are there. */
export function installChromium(): void {
  const setup = fileURLToPath(new URL("setup.mjs", import.meta.url));
  execFileSync(process.execPath, [setup, "--chromium"], { stdio: ["ignore", 2, 2] });
}
