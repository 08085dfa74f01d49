"""The benchmark of symbols: builds what it measures, measures it, and says how that was done."""
