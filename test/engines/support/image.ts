// SPDX-License-Identifier: Apache-2.0
/**
 * Images made on this machine, from the busybox root filesystem of the live tests.
 *
 *   host.write("/srv/rootfs.tar", rootfsTar());      // podman import, docker import
 *   host.write("/srv/busybox.tar", ociArchive("docker.io/library/busybox:latest", { Cmd: ["sh"] }));
 *                                                    // podman load, ctr images import
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOTFS = new URL("../../.cache/busybox", import.meta.url).pathname;
const SCRIPT = new URL("../../../scripts/rootfs.mjs", import.meta.url).pathname;
const TYPE = "application/vnd.oci.image";

/** `add` changes a copy of it before. */
export function rootfsTar(add: (dir: string) => void = () => {}): Buffer {
  if (!existsSync(ROOTFS)) execFileSync("node", [SCRIPT]);
  const dir = mkdtempSync(join(tmpdir(), "tsrun-rootfs-"));
  try {
    execFileSync("cp", ["-a", `${ROOTFS}/.`, dir]);
    add(dir);
    return tar(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Its root filesystem with /witness, /plain (not executable) and /orphan (a script whose interpreter is missing). */
export function witnessLayer(witness: string): Buffer {
  return rootfsTar((dir) => {
    copyFileSync(witness, join(dir, "witness"));
    writeFileSync(join(dir, "plain"), "#!/bin/sh\n");
    writeFileSync(join(dir, "orphan"), "#!/no/such/interpreter\n");
    chmodSync(join(dir, "orphan"), 0o755);
  });
}

/** An OCI image layout with one layer, as a tar archive; `config` is the image's, as in image-spec/config.md. */
export function ociArchive(name: string, config: Record<string, unknown>, layer: Buffer = rootfsTar()): Buffer {
  const dir = mkdtempSync(join(tmpdir(), "tsrun-image-"));
  try {
    mkdirSync(join(dir, "blobs/sha256"), { recursive: true });
    const blob = (mediaType: string, data: Buffer) => {
      const sha256 = createHash("sha256").update(data).digest("hex");
      writeFileSync(join(dir, "blobs/sha256", sha256), data);
      return { mediaType, digest: `sha256:${sha256}`, size: data.length };
    };
    const json = (value: unknown) => Buffer.from(JSON.stringify(value));
    const layers = [blob(`${TYPE}.layer.v1.tar`, layer)];
    const rootfs = { type: "layers", diff_ids: layers.map(({ digest }) => digest) };
    const architecture = process.arch === "x64" ? "amd64" : process.arch;
    const image = blob(
      `${TYPE}.config.v1+json`,
      json({ architecture, os: "linux", config, rootfs, history: [{ created_by: "tar" }] }),
    );
    const manifest = { schemaVersion: 2, mediaType: `${TYPE}.manifest.v1+json`, config: image, layers };
    const annotations = { "org.opencontainers.image.ref.name": name, "io.containerd.image.name": name };
    const index = { schemaVersion: 2, manifests: [{ ...blob(manifest.mediaType, json(manifest)), annotations }] };
    writeFileSync(join(dir, "index.json"), json(index));
    writeFileSync(join(dir, "oci-layout"), json({ imageLayoutVersion: "1.0.0" }));
    return tar(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function tar(dir: string): Buffer {
  const args = ["--create", "--numeric-owner", "--owner=0", "--group=0", "--sort=name", "-C", dir, "."];
  return execFileSync("tar", args, { maxBuffer: 64 * 1024 * 1024 });
}
