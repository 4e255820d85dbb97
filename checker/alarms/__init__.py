"""Whether what the race matrix reports is so: schedules replayed and sequential orders enumerated again without the reduction."""
