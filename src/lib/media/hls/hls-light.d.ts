// The light build has everything live pictures need, at two thirds of the size, but no types of its own.
declare module 'hls.js/light' {
  export { default } from 'hls.js';
}
