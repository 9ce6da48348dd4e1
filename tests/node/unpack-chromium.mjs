// node unpack-chromium.mjs FOLDER: Chromium, its libraries and its fonts, into an empty folder.
import { fileURLToPath } from "node:url";
import { dirname, join } from "node:path";
import { writeFileSync } from "node:fs";

const folder = process.argv[2];
// The package unpacks into the folder for temporary files and nowhere else.
process.env.TMPDIR = folder;

const { default: chromium, inflate } = await import("@sparticuz/chromium");
await chromium.executablePath();
// It takes these only on its own platform; any bare Linux lacks them.
const main = fileURLToPath(import.meta.resolve("@sparticuz/chromium"));
await inflate(join(dirname(main), "..", "bin", "al2023.tar.br"));

// Its own file names folders of that platform.
writeFileSync(
  join(folder, "fonts.conf"),
  `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`,
);
