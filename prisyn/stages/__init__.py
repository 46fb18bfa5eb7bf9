"""One file per stage of a run; `prisyn.pipeline` puts them in order."""
