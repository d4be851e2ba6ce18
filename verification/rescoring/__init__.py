"""Steps of this build run again over past evidence, beside everything: what would they answer otherwise?"""
