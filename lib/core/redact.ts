/** Credentials of Hearth wherever they stand in a text: `<id>_<secret>`, and signed ones (JWT). */
const secrets = /[0-9a-hj-km-np-tv-z]{12}_[0-9A-Za-z]{43}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;

/** For logs and messages: what may be said to others. */
export function redact(text: string): string {
  // Most texts have neither.
  return text.includes('_') || text.includes('eyJ') ? text.replace(secrets, '[redacted]') : text;
}
