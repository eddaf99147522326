import type { Accounts } from '../../lib/core/contracts.ts';
import type { TokenRecord, User } from '../../lib/core/values.ts';

/** As much of Accounts as credentials need. */
export function memoryAccounts(user: User) {
  let current = user;
  const tokens = new Map<string, TokenRecord>();
  const touches: string[] = [];
  const settings = new Map<string, string>();
  const accounts: Pick<
    Accounts,
    | 'token'
    | 'tokens'
    | 'touchToken'
    | 'createToken'
    | 'revokeToken'
    | 'extendToken'
    | 'setting'
    | 'putSetting'
  > = {
    token: async (id) => {
      const token = tokens.get(id);
      return token === undefined ? undefined : { token, user: current };
    },
    createToken: async (token) => void tokens.set(token.id, token),
    revokeToken: async (id) => tokens.delete(id),
    tokens: async () => [...tokens.values()],
    extendToken: async (id, expires) => {
      const token = tokens.get(id);
      if (token !== undefined) tokens.set(id, { ...token, expires });
      return token !== undefined;
    },
    setting: async (key) => settings.get(key),
    putSetting: async (key, value) => void settings.set(key, value),
    touchToken: async (id) => void touches.push(id),
  };
  const change = (patch: Partial<User>) => {
    current = { ...current, ...patch };
  };
  return { accounts, touches, settings, change };
}

export const ada: User = {
  id: '5f0000000000000000000001',
  login: 'ada.l',
  email: 'Ada@example.org',
  firstName: 'Ada',
  lastName: 'Lovelace',
  admin: false,
  status: 'enabled',
  created: 0,
  home: '5f0000000000000000000002',
  quota: null,
  removeAfter: null,
};
