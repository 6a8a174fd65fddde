"""Statistics of independent units: intervals, paired differences, power, shares of variance."""
