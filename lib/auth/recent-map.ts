/** A bounded map: the least recently used go first. */
export interface RecentMap<V> {
  get(name: string): V | undefined;
  has(name: string): boolean;
  set(name: string, value: V): void;
  delete(name: string): void;
}

export function recentMap<V>(most: number): RecentMap<V> {
  const map = new Map<string, V>();
  const put = (name: string, value: V): void => {
    map.delete(name);
    map.set(name, value);
  };
  return {
    get(name) {
      const value = map.get(name);
      if (value !== undefined) put(name, value);
      return value;
    },
    has: (name) => map.has(name),
    set(name, value) {
      put(name, value);
      if (map.size <= most) return;
      const oldest = map.keys().next();
      if (oldest.done !== true) map.delete(oldest.value);
    },
    delete: (name) => void map.delete(name),
  };
}
