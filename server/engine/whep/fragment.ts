import { EngineError } from '../error.ts';

/** A trickle ICE fragment (RFC 8840), as far as WHEP uses it. */
export interface Fragment {
  readonly iceUfrag: string | undefined;
  /** Candidate values, without `a=`. */
  readonly candidates: readonly string[];
}

/** Reads a fragment. Throws `bad-offer` when it is none. */
export function readFragment(text: string): Fragment {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line !== '');
  if (lines.length === 0 || lines.some((line) => !/^[a-z]=/.test(line)))
    throw new EngineError('bad-offer', 'The body is not a trickle ICE fragment.');
  const value = (name: string): string | undefined =>
    lines.find((line) => line.startsWith(`a=${name}:`))?.slice(name.length + 3);
  return {
    iceUfrag: value('ice-ufrag'),
    candidates: lines.filter((line) => line.startsWith('a=candidate:')).map((line) => line.slice(2)),
  };
}
