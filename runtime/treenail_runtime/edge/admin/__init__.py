"""The admin API: instances made, shown, changed and ended over HTTP, by holders of admin tokens."""
