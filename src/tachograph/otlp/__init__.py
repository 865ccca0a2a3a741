"""What agents export over OpenTelemetry, as metrics."""
