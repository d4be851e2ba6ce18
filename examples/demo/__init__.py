"""A demonstration: made people are verified before your eyes, by the public interface only."""
