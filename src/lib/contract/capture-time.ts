/*
 * When each picture was taken, as the engine says it beside the picture: a header extension of RTP with the time of its
 * capture in NTP's epoch. Not Zod's to check: WebRTC carries it.
 */

/** Name of the header extension in what is negotiated. */
export const captureTimeUri = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time';

/** From 1900, where NTP counts from, to 1970, ms. */
export const ntpEpochMs = 2_208_988_800_000;
