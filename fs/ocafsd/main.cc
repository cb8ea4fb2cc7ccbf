#include "fs/ocafsd/run.h"

int main(int argc, char** argv) { return oca::ocafsd::Run(argc, argv); }
