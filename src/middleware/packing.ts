import type { Passage } from "../services/through.ts";
import type { Codec, Packer } from "./codings.ts";

/**
 * Packs content piece by piece: what leaves in place of a piece has all of it, so that whoever waits for that piece alone
 * can read it.
 */
export function packing(codec: Codec, level: number): Passage {
  const packed: Uint8Array[] = [];
  let packer: Packer | null = null;
  /** Made when it is needed, which for HEAD is never. */
  const opened = () => {
    if (packer !== null) return packer;
    packer = codec.packer(level);
    // It waits with what has no room in it until that is taken away.
    packer.on("readable", collect);
    return packer;
  };
  const collect = () => {
    for (let piece = packer?.read(); piece; piece = packer?.read()) packed.push(piece);
  };
  const step = (begin: (packer: Packer, done: () => void) => void) =>
    new Promise<Uint8Array>((resolve, reject) => {
      const open = opened();
      open.once("error", reject);
      begin(open, () => {
        open.off("error", reject);
        collect();
        resolve(Buffer.concat(packed.splice(0)));
      });
    });
  return {
    piece(bytes) {
      if (bytes.length === 0) return bytes;
      return step((packer, done) => {
        packer.write(bytes);
        packer.flush(codec.flush, done);
      });
    },
    end() {
      return step((packer, done) => {
        packer.once("end", done);
        packer.end();
      });
    },
    stop() {
      packer?.destroy();
    },
  };
}
