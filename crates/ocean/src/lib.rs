//! Bathymetry, travel times, sources and the first tsunami forecast.
