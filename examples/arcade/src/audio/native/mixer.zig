// Mixes voices into the sample buffer. The build knows this file by its content only.
pub export fn arcade_mix(out: [*]f32, voice: [*]const f32, len: usize, gain: f32) void {
    var i: usize = 0;
    while (i < len) : (i += 1) out[i] += voice[i] * gain;
}
