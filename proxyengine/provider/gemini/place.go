package gemini

import names "crs/internal/model"

// placeOf is where every name stands: tuned models' have several parts.
func placeOf(string) names.Place { return names.Path }
