import { defineConfig } from "vitest/config";

export default defineConfig({
  // Many tests wait, for time to pass and for other processes: no processor is left out.
  test: { include: ["tests/**/*.test.ts"], testTimeout: 20_000, maxWorkers: "100%" },
});
