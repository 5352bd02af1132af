// Installs the npm packages and, with --chromium, Debian's Chromium with the software GPU that the
// WebGPU and WebGL tests run on, if they are missing. Compiles the WebAssembly module if it is stale.
// Uses only Node's built-in modules, because it runs before anything is installed.
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildModule } from "./build-wasm.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = (command, ...args) => {
  console.error(`> ${command} ${args.join(" ")}`);
  execFileSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
};

const installed = `${root}/node_modules/.package-lock.json`;
const wanted = `${root}/package-lock.json`;
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(wanted).mtimeMs) {
  run("npm", "ci", "--no-audit", "--no-fund");
}
await buildModule();

// Dawn (WebGPU in Node) needs the Vulkan loader. Chromium includes SwiftShader's driver.
const DEBIAN_PACKAGES = ["chromium", "libvulkan1"];

function isDebianPackageInstalled(name) {
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholder
    const status = execFileSync("dpkg-query", ["-W", "-f=${db:Status-Status}", name], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    return status.toString() === "installed";
  } catch {
    return false;
  }
}

if (process.argv.includes("--chromium") && !DEBIAN_PACKAGES.every(isDebianPackageInstalled)) {
  const sudo = process.getuid?.() === 0 ? [] : ["sudo"];
  const apt = (...args) => run(...sudo, "apt-get", ...args);
  try {
    apt("update", "-qq");
    apt("install", "-y", "-qq", "--no-install-recommends", ...DEBIAN_PACKAGES);
  } catch {
    console.error(
      `setup: the WebGL and WebGPU tests need Debian's packages ${DEBIAN_PACKAGES.join(" and ")}, ` +
        "which could not be installed. Install them manually and run this command again.",
    );
    process.exit(1);
  }
}
