import { type Path, parsePath } from '../core/path.ts';

/** From the home down: `/papers`, `papers`, `/home/papers` and `/homes/ada/papers` all mean the same folder. */
export function insideHome(text: string, login: string): Path {
  const path = parsePath(text);
  if (text.startsWith('/homes/') && path[1] === login) return path.slice(2);
  return text.startsWith('/home/') || text === '/home' ? path.slice(1) : path;
}
