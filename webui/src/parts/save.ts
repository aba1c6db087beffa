// SPDX-License-Identifier: Apache-2.0

/** Hands a text to the browser as a file. */
export function saveFile(name: string, type: string, text: string): void {
  saveBlob(name, new Blob([text], { type }));
}

export function saveBlob(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Not at once: the browser reads it after this.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** For the name of a file: 2026-11-26. */
export function dayOf(time: string): string {
  return time.slice(0, 10);
}
