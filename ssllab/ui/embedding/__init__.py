"""The parts of the embedding map and the microscope: camera, geometry, painting, the softmax's arithmetic."""
