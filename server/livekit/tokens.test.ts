import { TokenVerifier } from 'livekit-server-sdk';
import { describe, expect, it } from 'vitest';
import { publisherToken, viewerToken } from './tokens.ts';

const key = { apiKey: 'parapet', apiSecret: 'a-secret-that-is-long-enough-for-this' };
const claims = async (token: string) => await new TokenVerifier(key.apiKey, key.apiSecret).verify(token);

describe('a token', () => {
  it('of a viewer says every grant, and nothing but watching one room', async () => {
    const token = await viewerToken(key, { room: 'camera_p1', identity: 'op:1:2:3' });
    const { video, sub, exp = 0, nbf = 0, ...rest } = await claims(token);
    expect(video).toEqual({
      roomJoin: true,
      room: 'camera_p1',
      canSubscribe: true,
      canPublish: false,
      canPublishData: false,
      canUpdateOwnMetadata: false,
      hidden: true,
    });
    expect(sub).toBe('op:1:2:3');
    expect(exp - nbf).toBeGreaterThanOrEqual(60);
    expect(exp - nbf).toBeLessThanOrEqual(120);
    // A token that carries a room's settings could make rooms.
    expect(rest).not.toHaveProperty('roomConfig');
    expect(rest).not.toHaveProperty('metadata');
  });

  it('of a publisher publishes, and is sent nothing', async () => {
    const { video } = await claims(await publisherToken(key, { room: 'camera_p1', identity: 'IN_1' }));
    expect(video).toEqual({
      roomJoin: true,
      room: 'camera_p1',
      canSubscribe: false,
      canPublish: true,
      canPublishData: false,
      canUpdateOwnMetadata: false,
    });
  });

  it.each([
    { room: '', identity: 'x' },
    { room: 'camera_p1', identity: '' },
  ])('is not made for $room and $identity', async (ticket) => {
    await expect(viewerToken(key, ticket)).rejects.toThrow(RangeError);
  });
});
