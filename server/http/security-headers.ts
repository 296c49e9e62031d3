import { createHash } from 'node:crypto';

/** The hashes of a page's inline scripts, as a Content-Security-Policy names them. */
export function inlineScriptHashes(html: string): string[] {
  return [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/gi)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
}

/**
 * The policy of every answer. Only our own files and the start script of our own page may run. `rooms`: where browsers find
 * LiveKit (`ws:` or `wss:`), which they speak to by WebSocket and, when that fails, ask by HTTP why.
 */
export function contentSecurityPolicy(scriptHashes: readonly string[], rooms?: string): string {
  return [
    "default-src 'none'",
    `script-src ${["'self'", ...scriptHashes].join(' ')}`,
    "style-src 'self'",
    // Svelte writes `style:` directives as attributes where a fragment is cloned from a template.
    "style-src-attr 'unsafe-inline'",
    ["connect-src 'self'", ...(rooms === undefined ? [] : roomOrigins(rooms))].join(' '),
    "media-src 'self' blob:",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function roomOrigins(url: string): string[] {
  const { protocol, host } = new URL(url);
  return [`${protocol}//${host}`, `${protocol.replace('ws', 'http')}//${host}`];
}

const year = 31_536_000;

/** The headers that every answer carries. */
export function securityHeaders(policy: string, isSecure: boolean): Readonly<Record<string, string>> {
  return {
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy':
      'camera=(), microphone=(), geolocation=(), payment=(), usb=(), fullscreen=(self), autoplay=(self), screen-wake-lock=(self), gamepad=(self)',
    ...(isSecure ? { 'strict-transport-security': `max-age=${year}` } : {}),
  };
}
