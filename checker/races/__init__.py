"""Races of any two operations of a specification: outcomes no sequential order gives, conflicting accesses, stuck calls."""
