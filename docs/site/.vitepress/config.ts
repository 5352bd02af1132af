import { existsSync, readFileSync } from "node:fs";
import { defineConfig } from "vitepress";

const sidebarFile = new URL("sidebar.json", import.meta.url);
const generated = existsSync(sidebarFile) ? JSON.parse(readFileSync(sidebarFile, "utf8")) : {};

/** The playground is a build of its own, which `npm run docs` copies into the site. */
const playground = { text: "Playground", link: "/playground/", target: "_self" };

export default defineConfig({
  title: "kd-cmi",
  description:
    "Losses and regularizers of knowledge distillation with conditional mutual information, for TensorFlow.js",
  lang: "en",
  transformHead: ({ siteData: { base } }) => [
    ["link", { rel: "icon", type: "image/svg+xml", href: `${base}icon.svg` }],
  ],
  cleanUrls: false,
  lastUpdated: false,
  ignoreDeadLinks: [/^\/playground\//],
  markdown: {
    math: true,
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  },
  vite: { server: { fs: { allow: ["../.."] } }, build: { chunkSizeWarningLimit: 2000 } },
  themeConfig: {
    nav: [
      playground,
      { text: "Guide", link: "/guide/", activeMatch: "/guide/" },
      { text: "Losses", link: "/losses/", activeMatch: "/losses/" },
      { text: "Evidence", link: "/evidence/", activeMatch: "/evidence/" },
      { text: "API", link: "/api/", activeMatch: "/api/" },
    ],
    sidebar: {
      "/guide/": [
        { text: "Distillation in five minutes", link: "/guide/" },
        { text: "A first student", link: "/guide/first-student" },
        { text: "An MCMI teacher", link: "/guide/mcmi-teacher" },
        { text: "Choosing a loss", link: "/guide/choosing-a-loss" },
        { text: "Browsers and backends", link: "/guide/backends" },
        { text: "Teachers from Python", link: "/guide/teachers-from-python" },
        { text: "Saving and resuming", link: "/guide/saving" },
        { text: "Coming from PyTorch", link: "/guide/coming-from-pytorch" },
        { text: "CMI of large data", link: "/guide/large-data" },
        { text: "Troubleshooting", link: "/guide/troubleshooting" },
      ],
      ...generated,
    },
    outline: [2, 3],
    search: { provider: "local" },
    docFooter: { prev: "Previous", next: "Next" },
  },
});
