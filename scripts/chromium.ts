import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * How long a page may take for anything, ms. It only ends what hangs: beside other work, a browser takes
 * many times its usual time.
 */
export const BROWSER_TIMEOUT = 600_000;

/** Debian's Chromium, installed by scripts/setup.mjs, with software WebGL and WebGPU. */
export const chromiumLaunchOptions = {
  executablePath: "/usr/bin/chromium",
  timeout: BROWSER_TIMEOUT,
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

/**
 * Installs Chromium and its software driver for WebGPU, if they are missing.
 */
export function installChromium(): void {
  const setup = fileURLToPath(new URL("setup.mjs", import.meta.url));
  execFileSync(process.execPath, [setup, "--chromium"], { stdio: ["ignore", 2, 2] });
}
