"""Calculations behind figures and audits: values in, values out, no framework, no clock, no database."""
