// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    reporters: ["default", new URL("reporter.ts", import.meta.url).pathname],
    projects: [
      {
        extends: true,
        test: {
          name: "pure",
          include: [
            "test/{kernel,errors,config,plan,compile,runtime,emit,bpf,host,state,cgroup,cli,house,native,conformance,field}/**/*.test.ts",
          ],
        },
      },
      {
        extends: true,
        test: {
          name: "live",
          include: ["test/live/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 30_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "engines",
          include: ["test/engines/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: { name: "vm", include: ["test/vm/**/*.test.ts"], fileParallelism: false },
      },
    ],
  },
});
