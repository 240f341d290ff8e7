//! The tide's frequencies, and how much of each to expect.

/// One constituent.
pub(super) struct Constituent {
    /// Angular speed, degrees an hour (Schureman 1958, table 2).
    pub(super) degrees_h: f64,
    /// Amplitude of the equilibrium tide at its best latitude, metres (Cartwright & Edden 1973); for the shallow-water
    /// constituents, which have none, what harbours add (assumed).
    pub(super) equilibrium_m: f64,
}

/// How much larger real amplitudes may be than the equilibrium's (standard deviation): oceans resonate. M2 is 0.24 m in
/// equilibrium, 0.3-0.6 m in the open ocean, 1-2 m at many coasts and above 4 m at few, where data overrule this.
pub(super) const GAIN: f64 = 4.0;

/// The main constituents: what is left over stays below a tenth of the tide, at most places.
pub(super) const MAIN: [Constituent; 12] = [
    part(28.984_104_2, 0.242), // M2
    part(30.0, 0.113),         // S2
    part(28.439_729_5, 0.046), // N2
    part(30.082_137_3, 0.031), // K2
    part(15.041_068_6, 0.142), // K1
    part(13.943_035_6, 0.101), // O1
    part(14.958_931_4, 0.047), // P1
    part(13.398_660_9, 0.019), // Q1
    part(57.968_208_4, 0.005), // M4
    part(58.984_104_2, 0.005), // MS4
    part(57.423_833_7, 0.002), // MN4
    part(1.098_033_1, 0.005),  // Mf: close to equilibrium, hence small beside GAIN
];

const fn part(degrees_h: f64, equilibrium_m: f64) -> Constituent {
    Constituent {
        degrees_h,
        equilibrium_m,
    }
}
