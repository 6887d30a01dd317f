"""Work that starts by itself, on one machine or many: schedules become jobs, workers do them."""
