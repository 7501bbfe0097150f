"""The implementation report (落实情况报告): figures that are counted, sentences they stand in, formats it is written in."""
