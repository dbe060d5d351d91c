/** Memory for the bodies of answers that are sent once: what one answer has left goes to the next. */
export interface Bodies {
  /** Gives memory for so many bytes, with anything in it. */
  lease(length: number): Body;
}

export interface Body {
  bytes: Buffer;
  /** Gives the memory back; nobody may look at it afterwards. A repeat does nothing, and leaving it out only costs memory. */
  release(): void;
}

const bodyBytes = 64 * 1024;
/** What a burst leaves behind stays within 4 MB. */
const mostFree = 64;

/** Fresh memory of the size of an answer takes longer to get than an answer takes to make. */
export function createBodies(): Bodies {
  const free: Buffer[] = [];
  return {
    lease(length) {
      if (length > bodyBytes) return { bytes: Buffer.allocUnsafe(length), release() {} };
      let memory: Buffer | null = free.pop() ?? Buffer.allocUnsafeSlow(bodyBytes);
      return {
        bytes: memory.subarray(0, length),
        release() {
          if (memory !== null && free.length < mostFree) free.push(memory);
          memory = null;
        },
      };
    },
  };
}
