/** The entry of a thread, in the checkout (.ts) and in the package (.js). */
export const workerUrl = (name: string): URL =>
  new URL(`./${name}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
