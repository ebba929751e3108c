"""The demo story: made-up institutions and producers that buy and sell real specialties, from a fixed seed.

Everything is written through the services, in time order, with the clock at each fact's instant.
"""
